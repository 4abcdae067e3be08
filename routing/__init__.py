"""What should happen next to this call? Pure values and functions.

Rule of this room: no I/O, no clock, no randomness, no globals that change. The same plan, facts and events
give the same decisions, always (requirement S2).
"""
