"""The only SIP address of the machine: guard and stateless forwarder in front of the call processes."""
