"""Where items come from and which one counts: the cases of the original's configuration library, and ours."""

import json

import pytest
import yaml

from tasks.config.items import Item, Items, normalise, read_items, template_values, visible_texts


def read(configuration_from, **environ):
    return read_items(configuration_from, environ)


def values(items):
    return {item.key: item.value for item in items}


@pytest.mark.parametrize("spelling", ["UTASK_CFG", "utask_cfg", "Utask-Cfg", " utask-cfg "])
def test_a_key_is_one_in_any_letter_case_and_with_either_dash(spelling):
    assert normalise(spelling) == "utask-cfg"


def test_variables_with_the_prefix_in_any_letter_case_are_items():
    items = read("env:UT", ut_DNS_api="x", UT_="no name", UTASK="other", OTHER="y")
    assert values(items) == {"dns-api": "x"}
    assert items.all("DNS_API")[0].priority == 15


def test_without_a_prefix_the_whole_environment_is_read_but_never_the_secrets_of_the_service_itself():
    items = read(
        "env", A="1", UTASK_ENCRYPTION_KEYS="k", DATABASE_URL="d", UTASK_SECRET_KEY="s", UTASK_ADMIN_PASSWORD="p"
    )
    assert values(items) == {"a": "1"}
    assert values(read("env:UTASK", UTASK_CFG="c", UTASK_SECRET_KEY="s")) == {"cfg": "c"}


@pytest.mark.parametrize("dump", [json.dumps, yaml.safe_dump])
def test_a_file_is_a_json_or_yaml_list_with_priorities(tmp_path, dump):
    file = tmp_path / "items"
    file.write_text(dump([{"key": "A_b", "value": "x", "priority": 12}, {"key": "c", "value": "y"}]))
    items = read(f"file:{file}")
    assert [(item.key, item.value, item.priority) for item in items] == [("a-b", "x", 12), ("c", "y", 0)]


def test_values_of_a_file_keep_the_text_they_are_written_in(tmp_path):
    file = tmp_path / "items.yaml"
    file.write_text("- {key: n, value: 007}\n- {key: big, value: 12345678901234567890}\n- {key: yes, value: yes}\n")
    assert values(read(f"file:{file}")) == {"n": "007", "big": "12345678901234567890", "yes": "yes"}


@pytest.mark.parametrize(("priority", "winner"), [(12, "env"), (20, "file")])
def test_the_highest_priority_counts(tmp_path, priority, winner):
    file = tmp_path / "items"
    file.write_text(json.dumps([{"key": "a", "value": "file", "priority": priority}]))
    assert read(f"file:{file},env:UT", UT_A="env").get("a") == winner


def test_of_the_same_priority_the_first_counts():
    assert Items((Item("a", "1", 5), Item("a", "2", 5))).get("a") == "1"


def test_every_file_of_a_list_folder_is_read_and_folders_in_it_are_not(tmp_path):
    (tmp_path / "one").write_text('[{"key": "a", "value": "1"}]')
    (tmp_path / "two").write_text("- {key: b, value: '2'}")
    (tmp_path / ".hidden").write_text("[")
    (tmp_path / "folder").mkdir()
    assert values(read(f"filelist:{tmp_path}")) == {"a": "1", "b": "2"}


def test_a_tree_makes_an_item_of_each_file_and_one_level_of_folders_share_a_key(tmp_path):
    (tmp_path / "Plain_Key").write_text("p")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_text("small")
    (tmp_path / "a" / "Two").write_text("capital")
    (tmp_path / "..data").mkdir()
    items = read(f"filetree:{tmp_path}")
    assert [item.priority for item in items.all("a")] == [10, 5]
    assert items.get("a") == "capital"
    assert items.get("plain-key") == "p"
    assert items.mistakes == ()


def test_a_tree_follows_links_as_mounted_secrets_are_made_of_them(tmp_path):
    (tmp_path / "..2024").mkdir()
    (tmp_path / "..2024" / "token").write_text("t\n")
    (tmp_path / "token").symlink_to(tmp_path / "..2024" / "token")
    assert values(read(f"filetree:{tmp_path}")) == {"token": "t"}


@pytest.mark.parametrize(("written", "value"), [("x\n", "x"), ("x\n\n", "x\n"), ("x", "x"), ("\n", "")])
def test_one_newline_at_the_end_of_a_trees_file_is_not_meant(tmp_path, written, value):
    (tmp_path / "a").write_text(written)
    assert read(f"filetree:{tmp_path}").get("a") == value


@pytest.mark.parametrize("source", ["file", "filelist", "filetree", "file:", " ", ""])
def test_a_source_without_its_argument_is_passed_over(source):
    assert read(source) == Items()


def test_each_source_that_cannot_be_read_is_a_mistake_and_the_others_are_read(tmp_path):
    broken, no_list, deep = tmp_path / "broken", tmp_path / "no-list", tmp_path / "tree"
    broken.write_text('- {key: a, value: "hunter2}')
    no_list.write_text("{}")
    (deep / "a" / "b").mkdir(parents=True)
    items = read(
        f"vault:x,file:{broken},file:{no_list},filetree:{deep},file:{tmp_path}/none,env:UT,env:UT", UT_A="still read"
    )
    reasons = [mistake.reason for mistake in items.mistakes]
    assert values(items) == {"a": "still read"}
    for part in (
        "configstore: provider 'vault:x': failed to instantiate provider factory",
        "neither JSON nor YAML",
        "must be a list of objects",
        str(deep / "a" / "b"),
        "No such file",
        "conflict on configuration provider: env:UT",
    ):
        assert any(part in reason for reason in reasons), part
    assert len(reasons) == 6
    assert "hunter2" not in str(reasons)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"value": "x"}, "entry 1 is not an object with a key"),
        ("x", "entry 1 is not an object with a key"),
        ({"key": "k", "value": ["x"]}, '"k": value must be text'),
        ({"key": "k", "value": "x", "priority": "high"}, '"k": priority must be an integer'),
    ],
)
def test_a_wrong_entry_of_a_file_is_named(tmp_path, entry, reason):
    file = tmp_path / "items"
    file.write_text(json.dumps([entry]))
    (mistake,) = read(f"file:{file}").mistakes
    assert reason in mistake.reason


def test_a_source_of_a_plugin_adds_items_and_may_be_named_in_the_list():
    items = read_items("vault", {}, {"vault": lambda: [Item("a", "from vault", 7)]})
    assert values(items) == {"a": "from vault"}
    assert items.mistakes == ()


def test_credentials_want_exactly_one_item_whatever_the_priorities():
    items = Items((Item("one", "1", 0), Item("two", "x", 0), Item("two", "y", 9)))
    assert items.only("ONE") == "1"
    with pytest.raises(LookupError, match="ambiguous"):
        items.only("two")
    with pytest.raises(LookupError, match="no item found"):
        items.only("three")


# What a template sees.

OURS = [
    "database",
    "encryption-key",
    "utask-cfg",
    "basic-auth",
    "groups-auth",
    "callback-config",
    "notify-webhook-credentials",
]
ALL = Items(
    tuple(
        Item(key, value, 0)
        for key, value in [*((key, "secret") for key in OURS), ("my-secret", "x"), ("dns-api", "y"), ("e", "")]
    )
)


def test_our_own_items_are_never_shown_and_empty_ones_neither():
    assert visible_texts(ALL, concealed=()) == {"my-secret": "x", "dns-api": "y"}


@pytest.mark.parametrize("spelling", ["My_Secret", "my-secret", "MY-SECRET"])
def test_concealed_secrets_hide_in_any_spelling(spelling):
    assert visible_texts(ALL, concealed=[spelling]) == {"dns-api": "y"}


def test_turned_round_only_listed_items_are_shown_and_ours_still_not():
    assert visible_texts(ALL, concealed=(), visible=["DNS_API", "database"]) == {"dns-api": "y"}
    assert visible_texts(ALL, concealed=(), visible=[]) == {}


def test_a_text_that_is_no_yaml_stays_as_it_is():
    texts = {"o": '{"a": [1]}', "t": "{ not yaml", "p": "plain"}
    assert template_values(texts, yaml.safe_load) == {"o": {"a": [1]}, "t": "{ not yaml", "p": "plain"}
