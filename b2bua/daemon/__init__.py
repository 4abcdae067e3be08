"""Opens, connects and closes the rooms."""
