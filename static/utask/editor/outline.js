// Where steps stand in a text, told by indentation alone: it works while the YAML is broken.
const STEPS = /^(["']?)steps\1\s*:/i;
const KEY = /^( *)(?:"([^"]+)"|'([^']+)'|([^\s#:"'-][^:#]*?))\s*:(?:\s|$)/;

// [{name, line}] of all steps; lines count from 1.
export function outline(text) {
  const found = [];
  let depth = null;
  let inside = false;
  text.split("\n").forEach((line, at) => {
    if (/^\S/.test(line) && !line.startsWith("#")) {
      inside = STEPS.test(line);
      depth = null;
      return;
    }
    const key = inside && line.match(KEY);
    if (!key) return;
    depth ??= key[1].length;
    if (key[1].length === depth) found.push({ name: key[2] || key[3] || key[4], line: at + 1 });
    else if (key[1].length < depth) inside = false;
  });
  return found;
}

export function lineOfStep(text, name) {
  return outline(text).find((step) => step.name === name)?.line || 1;
}

export function stepAt(text, line) {
  const lines = text.split("\n");
  const before = outline(text).filter((step) => step.line <= line).pop();
  if (!before) return "";
  // A line at the margin ends the steps.
  const left = lines.slice(before.line, line).some((each) => /^[^\s#]/.test(each));
  return left ? "" : before.name;
}
