"""Ways to reach a device, one file each: see :mod:`oo.push.channel`."""
