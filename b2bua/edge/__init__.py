"""The only SIP address of the machine: guard and stateless forwarder between the outside and the call processes."""
