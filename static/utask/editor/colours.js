// YAML in colours, line by line: keys, texts, numbers, {{ handles }}, comments; texts over several lines by indentation.
const KEY = /^(\s*(?:- +)*)("[^"]*"|'[^']*'|[^\s#:{}[\],&*"'>|%@`-][^#:]*?)(\s*)(:)(?=\s|$)/;
const BLOCK = /[:-]\s+(?:[&!]\S+\s+)*[|>][+-]?\d*\s*(?:#.*)?$/;
const WORD = /^(true|false|yes|no|null|~|-?\d[\d_.eE+-]*)$/i;

// The HTML of each line.
export function colour(lines) {
  let block = -1;
  return lines.map((line) => {
    const depth = line.search(/\S/);
    if (block >= 0 && (depth < 0 || depth > block)) return handles(line, "s");
    block = -1;
    if (BLOCK.test(line)) block = line.match(/^\s*(?:- +)*/)[0].replace(/- +$/, "").length;
    return ordinary(line);
  });
}

function ordinary(line) {
  const key = line.match(KEY);
  if (!key) return rest(line);
  const [whole, lead, name, space, colon] = key;
  return `${escape(lead)}<span class="k">${escape(name)}</span>${space}${colon}${rest(line.slice(whole.length))}`;
}

function rest(text) {
  const comment = commentAt(text);
  const value = text.slice(0, comment);
  const tail = text.slice(comment);
  const bare = value.trim();
  let shown;
  if (WORD.test(bare)) shown = span("n", value);
  else if (/^[&*]/.test(bare)) shown = span("h", value);
  else shown = handles(value, /^["']/.test(bare.replace(/^(- +)+/, "")) ? "s" : "");
  return shown + (tail ? span("c", tail) : "");
}

function handles(text, kind) {
  return text
    .split(/(\{\{.*?\}\})/)
    .map((part, at) => (at % 2 ? span("h", part) : kind && part ? span(kind, part) : escape(part)))
    .join("");
}

function commentAt(text) {
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (quote) {
      if (letter === "\\" && quote === '"') at++;
      else if (letter === quote) quote = "";
    } else if (letter === '"' || letter === "'") {
      if (at === 0 || /[\s[{,:]/.test(text[at - 1])) quote = letter;
    } else if (letter === "#" && (at === 0 || /\s/.test(text[at - 1]))) {
      return at;
    }
  }
  return text.length;
}

function span(kind, text) {
  return `<span class="${kind}">${escape(text)}</span>`;
}

function escape(text) {
  return text.replace(/[&<>"]/g, (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[letter]);
}
