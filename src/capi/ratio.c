/* SPDX-License-Identifier: MIT */
/* ratio - makes a tree of shares, and text of the tree. */
#include "capi/ratio.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "capi/internal.h"

/* {name: {"ratio": share, "tasks": the same below it}}; `around`: what a share of one is. */
static json_t *tree_of(struct acr_capi_tasks tasks, double around, bool total)
{
    json_t *tree = json_object();
    double sum = 0;
    for (size_t i = 0; i < tasks.count; i++)
        sum += acr_capi_task_weight(&tasks.items[i]);
    for (size_t i = 0; i < tasks.count; i++) {
        const acr_task *task = &tasks.items[i];
        double ratio = acr_capi_task_weight(task) / sum * around;
        json_t *node = json_pack("{s:f}", "ratio", ratio);
        if (task->set != NULL)
            json_object_set_new(node, "tasks", tree_of(acr_capi_tasks_of(task->set->tasks), total ? ratio : 1, total));
        json_object_set_new(tree, acr_capi_task_name(task), node);
    }
    return tree;
}

static json_t *classes_tree(const struct acr_capi *capi, bool total)
{
    json_t *tree = json_object();
    double sum = 0;
    for (size_t i = 0; i < capi->scenario.class_count; i++)
        sum += capi->scenario.classes[i].weight;
    for (size_t i = 0; i < capi->scenario.class_count; i++) {
        double ratio = capi->scenario.classes[i].weight / sum;
        json_t *tasks = tree_of(acr_capi_user_tasks(capi->classes[i].definition), total ? ratio : 1, total);
        json_object_set_new(tree, capi->scenario.classes[i].name,
                            json_pack("{s:f,s:o}", "ratio", ratio, "tasks", tasks));
    }
    return tree;
}

static int append_lines(json_t *tree, int level, struct acr_buffer *out)
{
    const char *name;
    json_t *node;
    int rc = 0;
    json_object_foreach(tree, name, node)
    {
        char share[64], label[256];
        snprintf(share, sizeof share, "%*s%-6.1f", 2 * level, "",
                 json_real_value(json_object_get(node, "ratio")) * 100);
        snprintf(label, sizeof label, "%*s%s", 2 * level, "", name);
        rc = rc < 0 ? rc : acr_buffer_append_format(out, " %-10s %-50s\n", share, label);
        rc = rc < 0 ? rc : append_lines(json_object_get(node, "tasks"), level + 1, out);
    }
    return rc;
}

#define RULE "--------------------------------------------------------------------------------\n"

static int append_text(json_t *per_class, json_t *total, struct acr_buffer *out)
{
    int rc = acr_buffer_append_format(out, " Task ratio per locust class\n" RULE);
    rc = rc < 0 ? rc : append_lines(per_class, 0, out);
    rc = rc < 0 ? rc : acr_buffer_append_format(out, "\n Total task ratio\n" RULE);
    return rc < 0 ? rc : append_lines(total, 0, out);
}

static int append_json(json_t *per_class, json_t *total, struct acr_buffer *out)
{
    json_t *both = json_pack("{s:O,s:O}", "per_class", per_class, "total", total);
    char *text = json_dumps(both, JSON_REAL_PRECISION(16));
    int rc = text != NULL ? acr_buffer_append_format(out, "%s\n", text) : ACR_ERR_OUT_OF_MEMORY;
    free(text);
    json_decref(both);
    return rc;
}

int acr_capi_ratio(const struct acr_capi *capi, bool as_json, struct acr_buffer *out)
{
    json_t *per_class = classes_tree(capi, false), *total = classes_tree(capi, true);
    int rc = as_json ? append_json(per_class, total, out) : append_text(per_class, total, out);
    json_decref(per_class);
    json_decref(total);
    return rc;
}
