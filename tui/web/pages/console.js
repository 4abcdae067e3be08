// The terminal takes the keys as soon as it is there, without a click.
addEventListener("load", () => document.querySelector(".xterm-helper-textarea")?.focus());
