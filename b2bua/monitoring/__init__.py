"""What operators see: the feed's publisher, statistics by number, alarms."""
