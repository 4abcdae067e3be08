"""The hands of one call: the only room that imports pjsua2, and only ever in a process of its own."""
