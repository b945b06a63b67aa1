/* relay.h: a TCP relay: a link between real processes that the world controls.
 *
 * Listens on a port and passes each connection on to host:port, each direction with the latency, jitter, bandwidth and
 * cut of a `struct world_link`. So `world:link(a, b):set{…}`, `cut` and `partition` work on real servers as they do in the simulator.
 * (loss is not supported: WORLD_UNSUPPORTED.)
 */
#ifndef TIDELOCK_WORLD_RELAY_H
#define TIDELOCK_WORLD_RELAY_H

#include "world/world.h"

struct world_relay;

/* In a live world. `port` 0: a free one. NULL: world_error. */
struct world_relay *world_relay_new(struct world *w, int port, const char *to_host, int to_port);
int world_relay_port(const struct world_relay *r);
/* `forward`: towards to_host; the other direction is the answers'. */
enum world_result world_relay_set(struct world_relay *r, bool forward, const struct world_link *link);
/* Resets all connections that pass through. */
void world_relay_reset(struct world_relay *r);
void world_relay_free(struct world_relay *r);

#endif
