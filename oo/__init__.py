from oo.kit.arithmetic import pin

pin()
