import { existsSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import { decodeTemplate, type BlockTemplate } from '../../protocol/gbt/template.ts';
import { packageRoot } from '../version.ts';
import { NodeRpcError, readRpcAnswer, type HttpAnswer } from './rpc-answer.ts';
import type { TemplateResult, TemplateTask } from './template-worker.ts';

export interface TemplateReaderOptions {
  /** Longest answer that is read at once, bytes. Default 64 KiB, below a millisecond of work. */
  readonly inlineBytes?: number;
  /** In place of a thread; for tests. */
  readonly open?: () => Worker;
}

interface Pending {
  readonly resolve: (template: BlockTemplate) => void;
  readonly reject: (error: RigError) => void;
  readonly deadline: Timer;
}

const INLINE_BYTES = 64 * 1024;
/** A template takes the slowest board some seconds; a thread that needs longer is started anew. */
const DEADLINE_MS = 60_000;
/** A poll and a long poll may come together; more would be a jam. */
const MAX_PENDING = 4;
/** The JSON of the largest template, as text and as objects, with room to spare. */
const HEAP_MB = 512;

/**
 * Reads answers to getblocktemplate: small ones at once, large ones (up to 9 MB of JSON) in a thread of its own, so that
 * shares and boards never wait for one. The thread is started when it is first needed, and again when it dies.
 */
export class TemplateReader {
  readonly #clock: Clock;
  readonly #options: TemplateReaderOptions;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | null = null;
  #lastNumber = 0;
  #closed = false;

  constructor(clock: Clock, options: TemplateReaderOptions = {}) {
    this.#clock = clock;
    this.#options = options;
  }

  /**
   * @param answer its body is given away: the caller may not use it any more
   * @throws NodeRpcError when the answer is an error, or the thread failed; RigError E_NODE_RPC when the template cannot be used
   */
  async read(answer: HttpAnswer): Promise<BlockTemplate> {
    if (answer.body.length <= (this.#options.inlineBytes ?? INLINE_BYTES)) return decodeTemplate(readRpcAnswer('getblocktemplate', answer));
    if (this.#closed) throw failed('the connection to the node is closed');
    if (this.#pending.size >= MAX_PENDING) throw failed(`${MAX_PENDING} templates are waiting to be read already`);
    return new Promise((resolve, reject) => {
      const number = ++this.#lastNumber;
      const deadline = this.#clock.after(DEADLINE_MS, () => this.#drop(`a template was not read within ${DEADLINE_MS} ms`));
      this.#pending.set(number, { resolve, reject, deadline });
      this.#send({ number, status: answer.status, body: answer.body });
    });
  }

  /** Ends the thread; what it was reading is rejected. */
  close(): void {
    this.#closed = true;
    this.#drop('the connection to the node is closed');
  }

  #send(task: TemplateTask): void {
    try {
      this.#worker ??= this.#open();
      this.#worker.postMessage(task, [task.body.buffer as ArrayBuffer]);
    } catch (error) {
      this.#drop(messageOf(error));
    }
  }

  #open(): Worker {
    const worker = this.#options.open?.() ?? new Worker(workerFile(), { name: 'rb-template', resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
    worker.unref();
    worker.on('message', (result: TemplateResult) => this.#onResult(result));
    const gone = (why: string): void => {
      if (this.#worker === worker) this.#drop(why);
    };
    worker.on('error', (error) => gone(messageOf(error)));
    worker.on('exit', (code) => gone(`it ended with code ${code}`));
    return worker;
  }

  #onResult(result: TemplateResult): void {
    const pending = this.#pending.get(result.number);
    if (!pending) return;
    this.#pending.delete(result.number);
    pending.deadline.cancel();
    if ('template' in result) return pending.resolve(result.template);
    const { failure, message, rpcCode } = result.error;
    pending.reject(failure === null ? new RigError('E_NODE_RPC', message) : new NodeRpcError(failure, message, { method: 'getblocktemplate', rpcCode }));
  }

  /** Gives up the thread and everything it was reading; the next template gets a new one. */
  #drop(why: string): void {
    const worker = this.#worker;
    this.#worker = null;
    void worker?.terminate();
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject, deadline } of pending) {
      deadline.cancel();
      reject(failed(`the thread that reads templates failed: ${why}`));
    }
  }
}

function failed(message: string): NodeRpcError {
  return new NodeRpcError('transport', `getblocktemplate: ${message}`, { method: 'getblocktemplate' });
}

/** The built file also when this one runs from its TypeScript source: Node 20 cannot load that in a thread. */
function workerFile(): string {
  const beside = path.join(import.meta.dirname, 'template-worker.js');
  return existsSync(beside) ? beside : path.join(packageRoot(), 'dist', 'daemon', 'mining', 'template-worker.js');
}
