"""What any room may use: clocks, atomic file writes, serialization, framing, CPU affinity, errors for people."""
