"""What the switch keeps on disk of what was said: recordings and voicemail messages, sealed if there is a key.

Rule: what is known of a tape is in its file, its file's name and its call's record; the store adds only what people did
with it.
"""
