// Figures as people read them; an unknown value is a dash, never a zero.

export const DASH = "–";

const toDigits = (digits, more) => new Intl.NumberFormat("en-IN", { minimumFractionDigits: digits, maximumFractionDigits: digits, ...more });
const whole = toDigits(0);
const two = toDigits(2);
const one = toDigits(1);
const upToTwo = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 2 });

// by digits; what rounds to nothing has no sign
const unsigned = [];

const known = (write) => (value) => (value === null || value === undefined ? DASH : write(value));

export const integer = known((v) => whole.format(v));
export const price = known((v) => two.format(v));
export const decimal = known((v) => one.format(v));
export const ratio = known((v) => v.toFixed(2));
export const fixed = (v, digits) => (v === null || v === undefined ? DASH : (unsigned[digits] ??= toDigits(digits, { signDisplay: "negative" })).format(v).replace("-", "−"));
export const strike = known((v) => upToTwo.format(v));
export const signed = known((v) => sign(v) + two.format(Math.abs(v)));
export const percent = known((v) => {
  const shown = Math.abs(v) >= 1000 ? whole.format(Math.abs(v)) : one.format(Math.abs(v));
  return (shown === "0.0" ? "" : sign(v)) + shown;
});
export const share = known((v) => `${Math.round(v * 100)} %`);

// quantities in lakh and crore, as Indian markets count
export const quantity = known((v) => {
  const size = Math.abs(v);
  // as long as any other: what is traded on a day of expiry would take the room of a column
  if (size >= 1e10) return `${whole.format(v / 1e7)} Cr`;
  if (size >= 1e7) return `${(v / 1e7).toFixed(size >= 1e9 ? 1 : 2)} Cr`;
  if (size >= 1e5) return `${(v / 1e5).toFixed(size >= 1e6 ? 1 : 2)} L`;
  if (size >= 1e4) return `${(v / 1e3).toFixed(1)} k`;
  return whole.format(v);
});
export const signedQuantity = known((v) => (v > 0 ? "+" : "") + quantity(v).replace("-", "−"));

export const lots = (units, lotSize) => (units === null || units === undefined || !lotSize ? null : Math.round(units / lotSize));

function sign(value) {
  if (value > 0) return "+";
  return value < 0 ? "−" : "";
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

// market time comes as ISO text with the exchange's own offset: its digits are what is shown
export const marketDate = known((iso) => `${Number(iso.slice(8, 10))} ${MONTHS[Number(iso.slice(5, 7)) - 1]} ${iso.slice(0, 4)}`);
export const marketWeekday = known((iso) => `${WEEKDAYS[new Date(iso.slice(0, 10)).getUTCDay()]} ${marketDate(iso)}`);
export const marketClock = known((iso) => iso.slice(11, 19));
export const marketMoment = known((iso) => `${marketClock(iso)}, ${marketDate(iso)}`);

const IST_MS = 5.5 * 3600 * 1000;
// an instant by the exchange's wall clock, as text like that of market time
export const istOf = known((ms) => new Date(ms + IST_MS).toISOString());
export const clockOf = known((ms) => marketClock(istOf(ms)));

export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

export function remaining(seconds) {
  if (seconds <= 0) return "expired";
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor((seconds % 86400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const clock = `${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
  return days > 0 ? `${days}d ${clock}` : clock;
}
