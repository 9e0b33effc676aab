const reference = /^(?:https?:\/\/[^/\s]+\/)?([\w.-]+)\/([\w.-]+)(?:#|\/pull\/)(\d{1,9})(?:[/?#].*)?$/;

/** Owner, name and number of `owner/name#7` or of an address on GitHub. Null: it is other text. */
export function parseReference(text: string): [owner: string, name: string, number: string] | null {
  const [, owner, name, number] = reference.exec(text.trim()) ?? [];
  return owner && name && number ? [owner, name, number] : null;
}
