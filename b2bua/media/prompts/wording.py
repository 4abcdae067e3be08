"""What the built-in prompts say.

Rule: the words of the platform's documents (docs/requirements.md, "Wording in the documents") stand unchanged; where a
document names its company, ours says 本公司, and digits are written as they are spoken. A prompt in English has the
same name with `-en` after it.
"""

from typing import Final

CHINESE: Final = {
    "welcome": "您好，欢迎致电本公司，电话转接中，请稍候",
    "menu": "您好，欢迎致电本公司，产品咨询订购请按一，分店查询请按二，团购服务请按三，其他服务请按零",
    "extension-menu": "欢迎致电本公司客服热线，请拨分机号，查号请拨一，值班请拨二，投诉请拨三，传真请拨四",
    "busy": "对不起，您要的电话忙！",
    "not-allowed": "您无权拨打该号码",
    "password": "请输入密码，按井号键结束",
    "password-wrong": "密码错误，请重新输入",
    "menu-timeout": "对不起，您没有按键",
    "menu-wrong": "对不起，您的按键有误",
    "queue-place": "坐席全忙，请稍候，您目前的排队序号是",
    "voicemail-greeting": "您好，现在无人接听，请在嘀声后留言，留言结束请按井号键",
    "recorded": "为保证服务质量，您的通话将被录音",
}

ENGLISH: Final = {
    "welcome-en": "Hello, and thank you for calling. Your call is being connected. Please hold.",
    "menu-en": "Hello, and thank you for calling. For products and orders, press 1. To find a branch, press 2. "
    "For group purchases, press 3. For anything else, press 0.",
    "extension-menu-en": "Thank you for calling. Please dial the extension. For directory enquiries, press 1. "
    "For the officer on duty, press 2. For complaints, press 3. For fax, press 4.",
    "busy-en": "Sorry, the number you have dialled is busy.",
    "not-allowed-en": "You are not permitted to call this number.",
    "password-en": "Please key in your password, then press the hash key.",
    "password-wrong-en": "That password is wrong. Please try again.",
    "menu-timeout-en": "Sorry, no key was pressed.",
    "menu-wrong-en": "Sorry, that key is not in use.",
    "queue-place-en": "All seats are busy. Please hold. Your place in the queue is",
    "voicemail-greeting-en": "Hello. Nobody can take your call now. Please leave a message after the tone, "
    "and press the hash key when you have finished.",
    "recorded-en": "This call will be recorded to assure the quality of our service.",
}

_DIGITS: Final = "零一二三四五六七八九"

NUMBERS: Final = (
    {f"number-{number}": digit for number, digit in enumerate(_DIGITS)}
    | {f"number-{number}": f"十{_DIGITS[number - 10]}" for number in range(11, 20)}
    | {f"number-{10 * tens}": f"{_DIGITS[tens] if tens > 1 else ''}十" for tens in range(1, 10)}
    | {f"number-{100 * hundreds}": f"{_DIGITS[hundreds]}百" for hundreds in range(1, 10)}
    | {"number-1000": "一千"}
)
"""Places in a queue; the others up to 1000 are put together from these (`b2bua.media.prompts.library`)."""
