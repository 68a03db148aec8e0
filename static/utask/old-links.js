// Messages of the original link to …/#/task/ID and the like: on to where these pages are now.
const [, page, name] = location.hash.split("/");
const here = location.pathname.replace(/[^/]*$/, "");
const pages = { tasks: "tasks/", task: `tasks/${name}/`, new: "new/", templates: "templates/", template: `templates/${name}/`, functions: "functions/", function: `functions/${name}/`, stats: "" };
if (location.hash.startsWith("#/") && page in pages) {
  const query = location.hash.split("?")[1];
  location.replace(here + pages[page].replace(/\?.*?(?=\/|$)/, "") + (query ? `?${query}` : ""));
}
