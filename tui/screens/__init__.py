"""Screens that come up over the panes, and questions that want an answer first."""
