/** The three questions and their answers. */
import type { RigState } from '../../daemon/hub/api-types.ts';
import { money, siParts, unit, UNKNOWN, bitcoin, percent, joulesPerTh } from '../format/numbers.ts';
import { duration, longTime } from '../format/time.ts';
import { addressOf } from '../live/route.ts';
import { CopyButton } from '../parts/copy.tsx';
import { HashrateChart } from './hashrate-chart.tsx';
import { huntShareWords, statusWords, verdictWords } from './words.ts';

export function Answer({ state }: { readonly state: RigState }) {
  const { mining, pools, node } = state;
  const words = statusWords(state);
  const huntShare = huntShareWords(state);
  const pool = pools.find(({ id }) => id === mining.pool) ?? null;
  const [number, prefix] = siParts(mining.hashrate_hs);
  return (
    <section class="panel answer" aria-label="Is it hashing, for whom, at what cost?">
      <div class="answer-rate">
        <p class={`sentence tone-${words.tone}`} role="status">
          {words.text}
          {mining.status === 'mining' && pool !== null && (
            <>
              {' '}
              for <b>{pool.id}</b>
            </>
          )}
        </p>
        {mining.reason !== null && <p class="quiet">{mining.reason}</p>}
        <p class="rate" data-testid="hashrate">
          <span class="rate-number">{number ?? UNKNOWN}</span> {number !== null && <span class="rate-unit">{prefix}H/s</span>}
        </p>
        <p class="quiet">
          up {duration(node.uptime_secs)}
          {mining.session !== null && `, round ${mining.session.round}, best hash ${mining.session.best_zeros} leading zero hex digits`}
        </p>
        {huntShare !== null && (
          <p class="quiet">
            {huntShare} <a href={addressOf('hunt')}>The hunt</a>
          </p>
        )}
      </div>
      <HashrateChart />
      <ForWhom pool={pool} />
      <AtWhatCost state={state} />
    </section>
  );
}

function ForWhom({ pool }: { readonly pool: RigState['pools'][number] | null }) {
  if (pool === null) {
    return (
      <div class="answer-part">
        <h2>For whom</h2>
        <p>Nobody: no pool is mined for.</p>
      </div>
    );
  }
  const { payout } = pool;
  const words = verdictWords(payout);
  const address = payout?.expected_address ?? payout?.outputs[0]?.address ?? null;
  return (
    <div class="answer-part">
      <h2>For whom</h2>
      <p>
        <b>{pool.id}</b> <span class={`tone-${words.tone} verdict`}>{words.text}</span>
      </p>
      {payout !== null && <p class="quiet">{payout.explanation}</p>}
      {address !== null && (
        <p class="address">
          {payout?.explanation.includes(address) !== true && <code>{address}</code>} <CopyButton text={address} label="Copy the address" />
        </p>
      )}
      {payout !== null && (
        <p class="quiet">
          {payout.paid_sat === null ? `A block pays ${bitcoin(payout.total_sat)} in all` : `${bitcoin(payout.paid_sat)} of ${bitcoin(payout.total_sat)} (${percent(payout.paid_percent === null ? null : payout.paid_percent / 100)})`}
          {payout.height !== null && `, height ${payout.height.toLocaleString('en')}`}
        </p>
      )}
      <p class="quiet">
        <code>{pool.url}</code>
        {pool.user !== null && (
          <>
            {' '}
            as <code>{pool.user}</code>
          </>
        )}
      </p>
    </div>
  );
}

function AtWhatCost({ state: { economy, mining, devices } }: { readonly state: RigState }) {
  const { currency, power_w, cost_per_day, revenue_per_day, profit_per_day, days_per_block, explanation } = economy;
  const measured = devices.reduce<number | null>((sum, { power_w: watts }) => (watts === null ? sum : (sum ?? 0) + watts), null);
  const watts = power_w ?? measured;
  const efficiency = joulesPerTh(watts, mining.hashrate_hs);
  const aDay = (value: number | null): string => (value === null ? UNKNOWN : `${money(value, currency)} a day`);
  return (
    <div class="answer-part">
      <h2>At what cost</h2>
      <dl class="pairs">
        <dt>Power</dt>
        <dd>
          {unit(watts, 'W', 1, UNKNOWN)}
          {efficiency !== null && efficiency < 1e5 && <span class="quiet"> {unit(efficiency, 'J/TH', 1)}</span>}
        </dd>
        <dt>Electricity</dt>
        <dd>{aDay(cost_per_day)}</dd>
        <dt>Earns on average</dt>
        <dd>{aDay(revenue_per_day)}</dd>
        <dt>Together</dt>
        <dd class={profit_per_day === null ? '' : profit_per_day < 0 ? 'tone-bad' : 'tone-good'}>{aDay(profit_per_day)}</dd>
        {days_per_block !== null && (
          <>
            <dt>A block of its own</dt>
            <dd>every {longTime(days_per_block)} on average</dd>
          </>
        )}
      </dl>
      <p class="quiet">{explanation}</p>
    </div>
  );
}
