/* The check of a training's configuration. */
#ifndef RUNG_LEARN_CONFIG_H
#define RUNG_LEARN_CONFIG_H

#include "rung/learn.h"

/* Every value is in the range of its option, and exactly one of the lengths is given. */
rung_status rung__train_config_check(const rung_train_config *config, rung_error *err);

#endif
