// Replaced by the kernels room.
