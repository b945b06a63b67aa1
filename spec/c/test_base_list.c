/* The intrusive list. */
#include "base/list.h"
#include "test.h"

struct member {
    int number;
    struct list in;
};

static int digits(const struct list *head)
{
    int all = 0;
    list_each(c, head) all = all * 10 + list_item(c, struct member, in)->number;
    return all;
}

TEST(push_remove_pop)
{
    struct list head;
    struct member members[5];
    list_init(&head);
    CHECK(list_empty(&head));
    CHECK(list_pop(&head) == NULL);
    for (int i = 0; i < 5; i++) {
        members[i].number = i + 1;
        list_init(&members[i].in);
        list_push(&head, &members[i].in);
    }
    CHECK_EQ_INT(digits(&head), 12345);
    list_remove(&members[2].in);
    list_remove(&members[2].in); /* in no list: nothing happens */
    CHECK_EQ_INT(digits(&head), 1245);
    CHECK(list_item(list_pop(&head), struct member, in) == &members[0]);
    list_push(&head, &members[0].in);
    CHECK_EQ_INT(digits(&head), 2451);
    list_each_safe(c, &head)
    {
        if (list_item(c, struct member, in)->number % 2 == 0) list_remove(c);
    }
    CHECK_EQ_INT(digits(&head), 51);
}

TEST_MAIN()
