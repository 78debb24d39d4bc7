// Answers one JSON request a line with one JSON line: {judge: "mjml" | "html", text}. Its argument is the folder .venv/judges.
const { createRequire } = require("module");
const { createInterface } = require("readline");

const installed = createRequire(process.argv[2] + "/here.js");
const mjml = installed("mjml-core").default;
const presets = [installed("mjml-preset-core")];
const { HtmlValidate } = installed("html-validate");

const html = new HtmlValidate({
  root: true,
  extends: ["html-validate:recommended", "html-validate:document", "html-validate:a11y"],
  rules: {
    // What mail is made of: Outlook's conditions, styles and sizes on each element, roles instead of elements.
    "no-conditional-comment": "off",
    "no-deprecated-attr": "off",
    "no-inline-style": "off",
    "prefer-native-element": "off",
    // Matters of taste.
    "doctype-style": "off",
    "prefer-tbody": "off",
    "void-style": "off",
  },
});

const judges = {
  mjml(text) {
    const made = mjml(text, { presets, fonts: {}, validationLevel: "soft" });
    return { html: made.html, faults: made.errors.map((error) => error.formattedMessage) };
  },
  html(text) {
    const { results } = html.validateStringSync(text);
    const faults = results.flatMap((result) => result.messages);
    return { faults: faults.map((fault) => `${fault.ruleId}: ${fault.message} (${fault.line}:${fault.column})`) };
  },
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const { judge, text } = JSON.parse(line);
  process.stdout.write(JSON.stringify(judges[judge](text)) + "\n");
});
