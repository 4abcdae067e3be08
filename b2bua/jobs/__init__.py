"""Work that runs by the clock: recovery after crashes, retention of recordings, notification of new voicemail."""
