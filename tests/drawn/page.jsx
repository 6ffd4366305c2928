// A dashboard's page: window.SCENE says which dashboard, which range, what the queries gave.
import React from 'react';
import { createRoot } from 'react-dom/client';
import {
  applyFieldOverrides,
  createTheme,
  dateTime,
  displayNameOverrideProcessor,
  EventBusSrv,
  FieldConfigOptionsRegistry,
  identityOverrideProcessor,
  numberOverrideProcessor,
  ThemeContext,
  thresholdsOverrideProcessor,
  toDataFrame,
  unitOverrideProcessor,
} from '@grafana/data';
import { GlobalStyles, PanelChrome, PanelContextProvider } from '@grafana/ui';
import { Bars, Curves, Stat } from './panels.jsx';

const { dashboard, frames, from, to, mode, title } = window.SCENE;
const theme = createTheme({ colors: { mode } });
const range = { from: dateTime(from), to: dateTime(to), raw: { from: dateTime(from), to: dateTime(to) } };
const KINDS = { stat: Stat, timeseries: Curves, barchart: Bars };
const ROW = 30, SPACE = 8;


// Which settings an override may change, and by which of Grafana's own processors.
const settings = new FieldConfigOptionsRegistry(() =>
  Object.entries({
    color: identityOverrideProcessor,
    decimals: numberOverrideProcessor,
    noValue: displayNameOverrideProcessor,
    thresholds: thresholdsOverrideProcessor,
    unit: unitOverrideProcessor,
  }).map(([id, process]) => ({ id, path: id, name: id, process, override: process, shouldApply: () => true, settings: {} }))
);

function dressed(panel) {
  const raw = frames[panel.id];
  const frame = toDataFrame({ refId: 'A', fields: raw.fields.map((field) => ({ ...field, config: {} })) });
  const found = applyFieldOverrides({
    data: [frame],
    fieldConfig: panel.fieldConfig,
    fieldConfigRegistry: settings,
    replaceVariables: (text) => text,
    theme,
    timeZone: 'browser',
  });
  for (const each of found) {
    for (const field of each.fields) {
      field.config.custom = { ...panel.fieldConfig.defaults.custom, ...field.config.custom };
      // What the kinds of panels with series take where the dashboard names no color.
      field.config.color ??= panel.type === 'stat' ? undefined : { mode: 'palette-classic' };
    }
  }
  return found;
}

function Inside({ panel, width, height }) {
  const data = dressed(panel);
  const Kind = KINDS[panel.type];
  if (panel.type !== 'stat' && data[0].length === 0) {
    return <div style={{ padding: 16, textAlign: 'center' }}>{panel.fieldConfig.defaults.noValue ?? 'No data'}</div>;
  }
  return <Kind panel={panel} frames={data} theme={theme} width={width} height={height} range={range} />;
}

// Below 769 px Grafana gives each panel the whole width, in the order of the places.
function placed(whole) {
  const narrow = whole < 769;
  let top = 0;
  const shown = dashboard.panels.flatMap((panel) => [panel, ...(panel.open ? panel.panels : [])]);
  let shift = 0;
  return shown.map((panel) => {
    const { x, y, w, h } = panel.gridPos;
    const height = h * ROW + (h - 1) * SPACE;
    const column = (whole + SPACE) / 24;
    const place = narrow
      ? { left: 0, top, width: whole, height }
      : { left: x * column, top: (y - shift) * (ROW + SPACE), width: w * column - SPACE, height };
    if (panel.type === 'row' && panel.collapsed && !panel.open) {
      shift += Math.max(0, ...panel.panels.map((each) => each.gridPos.y + each.gridPos.h)) - y - 1;
    }
    top = Math.max(top, place.top) + height + SPACE;
    return { panel, place };
  });
}

function Page() {
  const whole = window.innerWidth - 2 * SPACE;
  const panels = placed(whole);
  const bottom = Math.max(...panels.map(({ place }) => place.top + place.height));
  return (
    <div style={{ padding: SPACE, background: theme.colors.background.canvas, color: theme.colors.text.primary }}>
      <div style={{ height: 32, fontSize: 14 }}>{title}</div>
      <div style={{ position: 'relative', height: bottom }}>
        {panels.map(({ panel, place }) => (
          <div key={panel.id} data-panel={panel.title} style={{ position: 'absolute', ...place }}>
            {panel.type === 'row' ? (
              <div style={{ fontSize: 16, paddingTop: 4 }}>
                {panel.collapsed && !panel.open ? `› ${panel.title} (${panel.panels.length})` : `⌄ ${panel.title}`}
              </div>
            ) : (
              <PanelChrome title={panel.title} description={panel.description} width={place.width} height={place.height}>
                {(width, height) => <Inside panel={panel} width={width} height={height} />}
              </PanelChrome>
            )}
          </div>
        ))}
      </div>
    </div>
  );
}

createRoot(document.getElementById('root')).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    <PanelContextProvider value={{ eventsScope: 'global', eventBus: new EventBusSrv(), sync: () => 0 }}>
      <Page />
    </PanelContextProvider>
  </ThemeContext.Provider>
);
