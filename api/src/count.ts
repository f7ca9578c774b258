/** What is counted for the operator; prom-client's counters are that. */
export interface Count {
  inc(): void;
}
