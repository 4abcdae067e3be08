"""The control socket, which offers the operations and the feed; authentication, tokens, and a client."""
