const reference = /^(?:https?:\/\/[^/\s]+\/)?([\w.-]+)\/([\w.-]+)(?:#|\/pull\/)(\d{1,9})(?:[/?#].*)?$/;

/** Returns the owner, name and number of `owner/name#7` or of an address on GitHub. Null for any other text. */
export function parseReference(text: string): [owner: string, name: string, number: string] | null {
  const [, owner, name, number] = reference.exec(text.trim()) ?? [];
  return owner && name && number ? [owner, name, number] : null;
}
