"""The call processes of this daemon: started, given calls, watched."""
