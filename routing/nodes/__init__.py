"""What each kind of node does with a call. One module for each idea; `routing.flow` leads from one to the
next."""
