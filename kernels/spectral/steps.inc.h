/*
 * One step of the coupled field, for the LANES and under the name STEPS of whoever includes it. The order of things is that of
 * daemon/solver/reference.ts and nonlinear.ts.
 */
#include "fft.h"
#include "pointwise.h"
#include "spectral.h"

#define EACH_POINT(s) for (int i = 0; i < (s)->points; i += LANES)
#define GET(array) load((array) + i)
#define PUT(array, value) store((array) + i, value)

#include "plane.inc.h"
#include "space.inc.h"

/* From the order of the plan to that of the grid, in place; `room` has as many. */
static void straighten(const rb_spectral *s, double *array, double *room)
{
  const int n = s->n, *position = s->plan.position;
  memcpy(room, array, sizeof(double) * (size_t)s->points);
  for (int i = 0; i < s->points; i++) {
    const int x = i % n, y = i / n % n, z = i / n / n;
    array[i] = room[(position[z] * (s->dim == 3) * n + position[y]) * n + position[x]];
  }
}

void STEPS(rb_spectral *self, int count)
{
  if (count <= 0) return;
  if (self->dim == 2) step_plane(self, count);
  else while (count-- > 0) step_space(self);
  double *const room = self->dim == 2 ? self->tiles : self->before.re;
  straighten(self, self->ratio, room);
  straighten(self, self->inverse_omega_squared, room);
}
