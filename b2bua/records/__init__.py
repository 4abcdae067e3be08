"""The call record: its value, and the rule by which it is closed."""
