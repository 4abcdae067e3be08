"""May this call come in, and what must be known of it: served numbers, caller look-up, holidays, usage, trunk state."""
