const pageBytes = 64 * 1024;

/** Node's types lack it. */
declare const WebAssembly: {
  Memory: { prototype: { readonly buffer: ArrayBuffer; grow(pages: number): number } };
};

/** Limits the memory of a PGlite in this thread. A query that needs more gets Postgres's "out of memory". */
export function limitMemory(maxBytes: number): void {
  const grow = WebAssembly.Memory.prototype.grow; // oxlint-disable-line typescript/unbound-method -- called with a memory
  WebAssembly.Memory.prototype.grow = function growWithinLimit(pages) {
    if (this.buffer.byteLength + pages * pageBytes > maxBytes)
      throw new RangeError(`A query may use ${maxBytes / 1024 / 1024} MB of memory.`);
    return grow.call(this, pages);
  };
}
