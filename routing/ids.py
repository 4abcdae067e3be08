"""Identifiers have types of their own, so that a target cannot be passed where a number is meant."""

from typing import NewType

CallId = NewType("CallId", str)
"""Our own name of a call, unique for ever; sorts by time of arrival."""

Number400 = NewType("Number400", str)
"""A 400 number in canonical form: ten digits, no hyphens (N1)."""

TargetName = NewType("TargetName", str)
"""A target's name within its plan."""

NodeName = NewType("NodeName", str)
"""A node's name within its plan."""

TrunkName = NewType("TrunkName", str)
"""The name of a carrier's trunk in the configuration."""

PromptName = NewType("PromptName", str)
"""A prompt in the subscriber's library or the built-in set."""

PlanHash = NewType("PlanHash", str)
"""Content hash of a plan document: 64 hexadecimal digits of SHA-256."""

LegId = NewType("LegId", int)
"""A leg of one call: `CALLER`, or the serial number (from 1) of the attempt that made an outbound leg."""

TimerName = NewType("TimerName", str)
"""A timer that the flow started; unique among the timers running in one call."""

CALLER = LegId(0)
"""The inbound leg."""
