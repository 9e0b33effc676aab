import type { Command } from "commander";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

interface Word {
  name: string;
  description: string;
  /** The values that its arguments can have. */
  choices: readonly string[];
  options: { flag: string; description: string; values: readonly string[] }[];
}

/** Returns a shell script that completes commands, options and their values. It is fast, because it does not call the CLI. */
export function toCompletionScript(program: Command, shell: Shell): string {
  const commands = program.commands
    .map(toWord)
    .concat({ name: "help", description: "show help", choices: [], options: [] });
  return { bash: toBash, zsh: toZsh, fish: toFish }[shell](program.name(), commands);
}

function toWord(command: Command): Word {
  return {
    name: command.name(),
    description: command.description(),
    choices: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
    options: command.options
      .filter(({ hidden, long }) => !hidden && long)
      .map((option) => ({
        flag: option.long ?? "",
        description: option.description,
        values: option.argChoices ?? [],
      }))
      .concat({ flag: "--help", description: "show help", values: [] }),
  };
}

function toBash(program: string, commands: readonly Word[]): string {
  const name = `_${program.replaceAll("-", "_")}`;
  const options = commands.map(
    ({ name: command, choices, options: each }) =>
      `    ${command}) words="${[...choices, ...each.map(({ flag }) => flag)].join(" ")}" ;;`,
  );
  const values = commands.flatMap(({ name: command, options: each }) =>
    each
      .filter((option) => option.values.length > 0)
      .map(({ flag, values: choices }) => `    "${command} ${flag}") words="${choices.join(" ")}" ;;`),
  );
  return `# bash completion of ${program}: source <(${program} completion bash)
${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) command="$word"; break ;; esac
  done
  if [ -z "$command" ]; then
    words="${commands.map((each) => each.name).join(" ")} --json --version --help"
  else
    case "$command" in
${options.join("\n")}
    esac
    case "$command $previous" in
${values.join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F ${name} ${program}
`;
}

function toZsh(program: string, commands: readonly Word[]): string {
  const name = `_${program.replaceAll("-", "_")}`;
  const listed = commands.map((each) => `    ${quote(`${each.name}:${each.description}`)}`);
  const cases = commands.map(({ name: command, choices, options }) => {
    const specs = options.map(({ flag, description, values }) => {
      const text = description.replaceAll(/[[\]:]/g, " ");
      return `        ${quote(`${flag}[${text}]${values.length > 0 ? `:value:(${values.join(" ")})` : ""}`)}`;
    });
    if (choices.length > 0) specs.unshift(`        ${quote(`1:value:(${choices.join(" ")})`)}`);
    return `      ${command})\n        _arguments \\\n${specs.join(" \\\n")}\n        ;;`;
  });
  return `#compdef ${program}
# zsh completion of ${program}: source <(${program} completion zsh)
${name}() {
  local -a commands=(
${listed.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
  else
    local command=$words[2]
    shift words
    (( CURRENT-- ))
    case $command in
${cases.join("\n")}
    esac
  fi
}
compdef ${name} ${program}
`;
}

function toFish(program: string, commands: readonly Word[]): string {
  const names = commands.map((each) => each.name).join(" ");
  return [
    `# fish completion of ${program}: ${program} completion fish | source`,
    `complete -c ${program} -f`,
    ...commands.map(
      (each) =>
        `complete -c ${program} -n "not __fish_seen_subcommand_from ${names}" -a ${each.name} -d ${quote(each.description)}`,
    ),
    ...commands
      .filter(({ choices }) => choices.length > 0)
      .map(
        (each) =>
          `complete -c ${program} -n "__fish_seen_subcommand_from ${each.name}" -a ${quote(each.choices.join(" "))}`,
      ),
    ...commands.flatMap((each) =>
      each.options.map(
        ({ flag, description, values }) =>
          `complete -c ${program} -n "__fish_seen_subcommand_from ${each.name}" -l ${flag.slice(2)} -d ${quote(description)}${values.length > 0 ? ` -x -a ${quote(values.join(" "))}` : ""}`,
      ),
    ),
    "",
  ].join("\n");
}

/** Quotes text for all three shells. It replaces quotes and removes backslashes, which the shells treat differently within single quotes. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "’").replaceAll("\\", "")}'`;
}
