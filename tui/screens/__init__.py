"""Screens that are opened from the panes, and dialog boxes."""
