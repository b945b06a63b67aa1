/* sim_disk.h: the disk of a place in the simulated world: its files, what is under way, its faults.
 *
 * It outlives the node: what was durable is there when the next one starts. Made when a node first wants something of
 * it or somebody looks at it, so that nodes without files cost nothing.
 */
#ifndef TIDELOCK_WORLD_SIM_DISK_H
#define TIDELOCK_WORLD_SIM_DISK_H

#include "world/sim.h"
#include "world/sim_files.h"

struct sim_disk_lane {
    struct sim_disk *disk;
    struct disk_op *op; /* under way; NULL: nothing is */
    int64_t sync_to;    /* of a sync: the file's size when it began */
    uint64_t event;     /* at which it ends; 0: it has, and the node has not been told (it is paused) */
};

struct sim_disk {
    struct sim *sim;
    void *owner; /* whoever's place it is */
    uint32_t id; /* of the place, for the event hash */
    struct sim_files files;
    struct random random;
    bool own; /* has parameters of its own, otherwise the world's */
    struct world_disk parameters;
    int64_t free_at;       /* the device is busy until then */
    int64_t stalled_until; /* nothing ends before */
    struct sim_disk_lane lanes[DISK_LANES];
};

/* NULL: memory is out. */
struct sim_disk *sim_disk_new(struct sim *s, const struct sim_place *p, void *owner);
void sim_disk_free(struct sim_disk *d);

/* Begins whatever in the queue can be begun. */
void sim_disk_begin(struct sim_disk *d, struct disk *queue);
/* A lane's event: does what was asked for, with the faults there are. False: not yet. */
bool sim_disk_ended(struct sim_disk_lane *lane);
/* Tells the queue of everything that has ended. */
void sim_disk_tell(struct sim_disk *d, struct disk *queue);
/* The node is going, and its queue with it. What is under way is done if it goes in an orderly way, else perhaps. */
void sim_disk_abandon(struct sim_disk *d, bool orderly);
/* What has not been synced is gone, more or less. After sim_disk_abandon. */
void sim_disk_lose_power(struct sim_disk *d);
/* For so long from now nothing ends. */
void sim_disk_stall(struct sim_disk *d, int64_t us);

/* What a disk does that nobody has set. */
extern const struct world_disk sim_disk_standard;

#endif
