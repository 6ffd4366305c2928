"""The README's installation, followed on bare Debians that systemd has booted: `sudo python3 -m tests.booted`.

It needs debootstrap and systemd-container, and takes some twenty minutes. What is tried is the last commit. The bare
systems are kept in /var/tmp; the host's settings of pip, and the authorities that it trusts, are the machines' too.
"""
