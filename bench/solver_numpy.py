"""The field solver's scheme in numpy, to be timed beside Rigbrain's own: `rigbrain bench solver` starts it.

Same equations, tables and order of steps as daemon/solver/reference.ts, written as numpy is written: whole arrays, transforms
stacked. First line of stdin: JSON {"parameters": ..., "field": FILE, "out": FILE, "steps": N}, with the field at the grid's
points as float64, real parts first. It makes that many steps, writes the wave numbers to `out` and says READY and numpy's version.
Then each line "S n" makes n steps and is answered with the thread's processor seconds.
"""
import json
import sys
import time

import numpy as np

CIRCLE = 32


class Solver:
    def __init__(self, p, field):
        n, dim = p["N_grid"], p["dim"]
        self.p, self.dim = p, dim
        self.axes = tuple(range(-dim, 0))
        index = np.fft.fftfreq(n, 1 / n)
        unit = 2 * np.pi / p["L_domain"]
        wave = unit * np.where(np.abs(index) == n // 2, 0, index)
        along = lambda values, axis: values.reshape([n if a == axis else 1 for a in range(dim)])
        self.ik = [1j * along(wave, axis) for axis in range(dim)]
        k2 = sum(along((unit * index) ** 2, axis) for axis in range(dim))
        live = np.abs(index) <= (n - 1) // 3
        self.mask = np.ones((n,) * dim)
        for axis in range(dim):
            self.mask = self.mask * along(live, axis)
        floor = 1.0 if p["sdg_alpha"] == 0 else p["sdg_omega_sq_min"]
        ceiling = 1 / floor if p["sdg_solver"] == "poisson" else 1.0
        self.least, self.greatest = 1 / ceiling, 1 / floor
        self.gamma = (1 + 1 / floor) / 2
        eps = p["sncgl_epsilon"]
        self.diffusion = eps * (p["sncgl_diff_re"] + 1j * p["sncgl_diff_im"])
        self.reference = eps / (p["sncgl_lambda"] * p["sncgl_b3"] + p["sncgl_g_nonlocal"])
        self.minus_k2 = -k2
        self.kernel = np.exp(-k2 / (2 * p["sncgl_sigma_k"] ** 2))
        mass = 0.0 if p["sdg_solver"] == "poisson" else p["sdg_mass_sq"]
        self.elliptic = np.divide(1.0, mass + k2, out=np.zeros_like(k2), where=mass + k2 != 0)
        # Both real fields go through their filters at once: a mode and its mirror tell them apart.
        self.mean, self.difference = (self.kernel + self.elliptic) / 2, (self.kernel - self.elliptic) / 2
        self.mirror = np.ix_(*[(-np.arange(n)) % n] * dim)
        self.coefficients(eps - self.diffusion * self.gamma * k2, p["dt"])
        self.u = self.mask * np.fft.fftn(field)

    def coefficients(self, linear, dt):
        z = linear * dt
        self.e, self.e2 = np.exp(z), np.exp(z / 2)
        self.q = self.f1 = self.f2 = self.f3 = 0
        for j in range(CIRCLE):
            r = z + np.exp(2j * np.pi * (j + 0.5) / CIRCLE)
            e, half = np.exp(r), np.exp(r / 2)
            self.q = self.q + dt / CIRCLE * (half - 1) / r
            self.f1 = self.f1 + dt / CIRCLE * (-4 - r + e * (4 - 3 * r + r * r)) / r**3
            self.f2 = self.f2 + dt / CIRCLE * (2 + r + e * (r - 2)) / r**3
            self.f3 = self.f3 + dt / CIRCLE * (-4 - 3 * r - r * r + e * (4 - r)) / r**3
        self.f2 = 2 * self.f2

    def evaluate(self, u):
        p = self.p
        fields = np.fft.ifftn(np.stack([u, self.minus_k2 * u, *(ik * u for ik in self.ik)]), axes=self.axes)
        psi, laplacian, gradient = fields[0], fields[1], fields[2:]
        rho = psi.real**2 + psi.imag**2
        product = psi.conj() * gradient
        current = (product.imag**2).sum(axis=0)
        slope = (product.real**2).sum(axis=0)
        source = (p["sdg_kappa"] * current + p["sdg_eta"] * slope) / (rho + 1e-6 * self.reference) / self.reference
        modes = np.fft.fftn(rho + 1j * source)
        filtered = np.fft.ifftn(self.mean * modes + self.difference * modes[self.mirror].conj())
        ratio = rho / (self.reference * p["sdg_rho_vac"]) if p["sdg_solver"] == "algebraic" else 1 + filtered.imag
        bent = np.clip(np.maximum(ratio, 1e-300) ** p["sdg_alpha"], self.least, self.greatest)
        damp = (p["sncgl_lambda"] * (p["sncgl_b3"] + 1j * p["sncgl_c3"])) * rho + p["sncgl_g_nonlocal"] * filtered.real
        out = self.diffusion * (bent - self.gamma) * laplacian - damp * psi
        if self.dim == 3:
            modes = np.fft.fftn(bent)
            slopes = np.fft.ifftn(np.stack([ik * modes for ik in self.ik]), axes=self.axes).real
            out -= 0.5 * self.diffusion * (slopes * gradient).sum(axis=0)
        return self.mask * np.fft.fftn(out)

    def step(self):
        u = self.u
        nu = self.evaluate(u)
        forth = self.e2 * u
        a = forth + self.q * nu
        na = self.evaluate(a)
        nb = self.evaluate(forth + self.q * na)
        nc = self.evaluate(self.e2 * a + self.q * (2 * nb - nu))
        self.u = self.e * u + self.f1 * nu + self.f2 * (na + nb) + self.f3 * nc


def main():
    job = json.loads(sys.stdin.readline())
    p = job["parameters"]
    parts = np.fromfile(job["field"], dtype=np.float64).reshape((2,) + (p["N_grid"],) * p["dim"])
    solver = Solver(p, parts[0] + 1j * parts[1])
    for _ in range(job["steps"]):
        solver.step()
    np.concatenate([solver.u.real.ravel(), solver.u.imag.ravel()]).tofile(job["out"])
    print("READY", np.__version__, flush=True)
    for line in sys.stdin:
        steps = int(line.split()[1])
        begin = time.thread_time()
        for _ in range(steps):
            solver.step()
        print(time.thread_time() - begin, flush=True)


main()
