"""Show it, and edit the rules: a Textual program that knows the daemon only through `b2bua.console.protocol`."""
