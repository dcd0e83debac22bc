import type { BrokerStats } from '@busbar/broker';

/** What went through the broker in the last second, from its counters. */
export class Traffic {
  #at: number;
  #received = 0;
  #sent = 0;
  #cpu = process.cpuUsage();
  receivedPerSecond = 0;
  sentPerSecond = 0;
  /** Of one processor core, of this process. */
  cpuPercent = 0;

  constructor(now: number) {
    this.#at = now;
  }

  /** Takes the next figures, about once a second. */
  measure({ messagesReceived, messagesSent }: BrokerStats, now: number): void {
    const seconds = (now - this.#at) / 1000;
    if (seconds <= 0) return;
    const cpu = process.cpuUsage();
    this.receivedPerSecond = (messagesReceived - this.#received) / seconds;
    this.sentPerSecond = (messagesSent - this.#sent) / seconds;
    this.cpuPercent = (cpu.user + cpu.system - this.#cpu.user - this.#cpu.system) / 10_000 / seconds;
    this.#at = now;
    this.#received = messagesReceived;
    this.#sent = messagesSent;
    this.#cpu = cpu;
  }
}
