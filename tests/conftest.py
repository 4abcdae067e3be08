"""What holds for every test.

Rule: a wall-clock limit of Hypothesis says how busy the machine is, nothing about the program: there is none.
"""

from hypothesis import HealthCheck, settings

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("any machine")
