"""The editor in a browser: mistakes at their lines, the graph beside the text, completion, drafts, dry runs."""

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.test_pages import serious

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


@pytest.fixture
def editor(open_page):
    """The editor, once its first check has ended."""
    page = open_page("/admin/editor/")
    expect(page.locator("#verdict")).to_have_text("✓accepted")
    # What completion knows has come.
    expect(page.locator("#add-step option")).not_to_have_count(1)
    return page


def nodes(page: Page) -> list[str]:
    return [str(node.get_attribute("data-step")) for node in page.locator("#graph [data-step]").all()]


def put_cursor(page: Page, after: str) -> None:
    """Set the cursor behind the first occurrence of a text."""
    page.evaluate(
        """after => { const box = document.getElementById("text"); const at = box.value.indexOf(after) + after.length;
        box.focus(); box.setSelectionRange(at, at); }""",
        after,
    )


def line_of_cursor(page: Page) -> int:
    text = "box => box.value.slice(0, box.selectionStart)"
    return str(page.locator("#text").evaluate(text)).count("\n") + 1


def test_a_mistake_is_told_at_its_line_as_one_types_and_goes_when_it_is_mended(editor):
    put_cursor(editor, "type: http")
    editor.keyboard.type("x")
    expect(editor.locator("#verdict")).to_contain_text("refused: 1 error")
    expect(editor.locator(".gutter span.bad")).to_have_text("24")
    expect(editor.locator("#problems")).to_contain_text('Did you mean "http"?')
    editor.locator("#problems button").click()
    assert line_of_cursor(editor) == 24
    editor.keyboard.press("End")
    editor.keyboard.press("Backspace")
    expect(editor.locator("#verdict")).to_have_text("✓accepted")
    expect(editor.locator(".gutter span.bad")).to_have_count(0)


def test_keys_values_handles_and_comments_are_told_apart_as_one_types(editor):
    put_cursor(editor, "auto_runnable: true")
    editor.keyboard.type("  # at once")
    line = editor.locator(".overlay .l").nth(3)
    expect(line.locator(".k")).to_have_text("auto_runnable")
    expect(line.locator(".n")).to_have_text("true")
    expect(line.locator(".c")).to_have_text("# at once")
    expect(editor.locator(".overlay .h").first).to_have_text("{{.input.name}}")
    # What is seen is what is in the box.
    shown = editor.locator(".overlay .l").all_text_contents()
    assert "\n".join(shown).strip() == editor.locator("#text").input_value().strip()


def test_yaml_that_cannot_be_read_has_a_line_too(editor):
    put_cursor(editor, "inputs:")
    editor.keyboard.type(" [")
    expect(editor.locator("#verdict")).to_contain_text("refused")
    expect(editor.locator(".gutter span.bad")).to_have_count(1)
    expect(editor.locator("#graph-none")).to_be_visible()


def test_the_graph_follows_the_text_and_the_text_the_graph(editor):
    assert nodes(editor) == ["compose", "deliver"]
    put_cursor(editor, "steps:")
    editor.keyboard.type("\n  first:\naction: {type: echo, configuration: {output: {}}}")
    put_cursor(editor, "  first:\n")
    editor.keyboard.type("  ")
    expect(editor.locator("#graph [data-step=first]")).to_be_visible()
    expect(editor.locator("#verdict")).to_have_text("✓accepted")
    editor.locator("#graph [data-step=deliver]").click()
    assert line_of_cursor(editor) == 21
    expect(editor.locator("#graph [data-step=deliver]")).to_have_class("node plain chosen")


def test_keys_and_values_are_completed_from_the_schema_of_their_place(editor):
    put_cursor(editor, "retry_pattern: minutes")
    editor.keyboard.type("\nmax")
    offers = editor.locator("#offers li")
    expect(offers.first).to_contain_text("max_retries")
    editor.keyboard.press("Enter")
    editor.keyboard.type("3")
    expect(editor.locator("#verdict")).to_have_text("✓accepted")
    assert "    max_retries: 3\n" in editor.locator("#text").input_value()

    put_cursor(editor, "method: POST")
    editor.keyboard.type("\nins")
    expect(offers.first).to_contain_text("insecure_skip_verify")
    editor.keyboard.press("Escape")
    expect(editor.locator("#offers")).to_be_hidden()

    put_cursor(editor, "dependencies: [")
    editor.keyboard.press("Control+Space")
    expect(offers.first).to_contain_text("compose")


def test_a_step_is_added_from_the_menu_and_its_name_is_its_own(editor):
    for number in (1, 2):
        editor.locator("#add-step").select_option("ping")
        expect(editor.locator("#graph [data-step]")).to_have_count(2 + number)
    assert nodes(editor)[:2] == ["pingStep2", "pingStep"]


def test_undo_takes_back_what_completion_wrote(editor):
    before = editor.locator("#text").input_value()
    editor.locator("#add-step").select_option("echo")
    assert editor.locator("#text").input_value() != before
    editor.keyboard.press("Control+z")
    assert editor.locator("#text").input_value() == before


def test_a_draft_outlives_a_reload_until_it_is_dropped(editor):
    put_cursor(editor, "description: Greets somebody")
    editor.keyboard.type(" kindly")
    editor.reload()
    expect(editor.locator("#draft")).to_be_visible()
    assert "Greets somebody kindly" in editor.locator("#text").input_value()
    editor.locator("#draft-drop").click()
    expect(editor.locator("#draft")).to_be_hidden()
    editor.reload()
    assert "kindly" not in editor.locator("#text").input_value()
    expect(editor.locator("#draft")).to_be_hidden()


def test_the_text_is_downloaded_under_its_name_and_taken_in_again(editor, tmp_path):
    with editor.expect_download() as download:
        editor.locator("#download").click()
    assert download.value.suggested_filename == "hello.yaml"
    file = tmp_path / "again.yaml"
    download.value.save_as(file)
    file.write_text(file.read_text().replace("name: hello", "name: hello-again"))
    editor.locator("#import-file").set_input_files(file)
    expect(editor.locator("#text")).to_have_value(file.read_text())


def test_a_dry_run_is_played_to_its_end_and_back(editor):
    editor.locator("#script").fill("deliver: [{state: SERVER_ERROR, error: the post is shut}, {output: {}}]")
    editor.locator("#inputs").fill("name: Ann")
    editor.locator("#run").click()
    expect(editor.locator("#said")).to_contain_text("Before the first of")
    editor.locator("#last").click()
    expect(editor.locator("#end")).to_contain_text("Hello Ann")
    expect(editor.locator("#end")).to_contain_text("said: Hello Ann!")
    deliver = editor.locator("#run-graph [data-step=deliver]")
    expect(deliver).to_have_class("node good")
    states = set()
    while editor.locator("#place").input_value() != "0":
        editor.locator("#back").click()
        states.add(deliver.locator(".state").text_content())
    assert {"DONE", "RUNNING", "SERVER_ERROR", "TODO"} <= states
    item = editor.locator("#moves li", has_text="SERVER_ERROR").first
    item.click()
    expect(editor.locator("#call")).to_contain_text("https://example.org/greetings")


def test_what_a_dry_run_refuses_is_told_at_its_field(editor, complaints):
    editor.locator("#inputs").fill("nobody: there")
    editor.locator("#run").click()
    expect(editor.locator("#run-refused")).to_contain_text("name")
    expect(editor.locator("#inputs")).to_have_attribute("aria-invalid", "true")
    # A refusal is a status that the browser writes into its console.
    assert len(complaints) == 1
    assert "400" in complaints.pop()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_editor_with_everything_open_has_nothing_serious_for_axe(open_page, axe, theme):
    page = open_page("/admin/editor/", theme=theme)
    expect(page.locator("#verdict")).to_have_text("✓accepted")
    page.locator("#run").click()
    page.locator("#last").click()
    put_cursor(page, "description: Greets somebody")
    page.keyboard.type("\nbogus: 1\nauto")
    expect(page.locator("#offers")).to_be_visible()
    expect(page.locator("#verdict")).to_contain_text("refused")
    assert serious(page, axe) == []


def test_the_forms_that_the_inputs_make_are_seen_and_tried_beside_the_text(editor):
    asked = editor.locator("#asked-inputs")
    expect(editor.locator("#asked-resolver_inputs")).to_contain_text("Nothing is asked.")
    asked.get_by_label("Whom to greet").fill("Ann")
    put_cursor(editor, "    description: Whom to greet")
    editor.keyboard.press("Enter")
    editor.keyboard.press("Shift+Tab")
    editor.keyboard.type("- {name: age, description: Age, type: number, legal_values: [30, 40]}")
    expect(asked.get_by_label("Age")).to_have_count(1)
    expect(asked.get_by_label("Age").locator("option")).to_have_text(["choose…", "30", "40"])
    # Another change of the text leaves what is tried in the form.
    asked.get_by_label("Age").select_option("40")
    put_cursor(editor, "description: Say it to the world")
    with editor.expect_response("**/editor/check/"):
        editor.keyboard.type(", loudly")
    expect(editor.locator("#verdict")).to_have_text("✓accepted")
    expect(asked.get_by_label("Age")).to_have_value("40")
    asked.get_by_label("Whom to greet").press("Enter")
    assert editor.url.endswith("/admin/editor/")


def test_saving_is_shut_with_its_reason_where_it_is_not_configured(editor):
    save = editor.get_by_role("button", name="Save")
    expect(save).to_have_attribute("aria-disabled", "true")
    assert "UTASK_EDITOR_SAVES" in str(save.get_attribute("title"))
