/** What this process has used of the processor so far, in milliseconds. Other processes on the machine hardly change it. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
