"""The six panes of the main screen."""
