// The panels, by Grafana's own components; BarChart is not among what @grafana/ui exports, so it is drawn with the
// same plot, scales, axes, colors and legend, its bars by the few lines below.
import React from 'react';
import {
  FieldType,
  formattedValueToString,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  getFieldSeriesColor,
} from '@grafana/data';
import {
  BigValue,
  PlotLegend,
  TimeSeries,
  UPlotChart,
  UPlotConfigBuilder,
  VizLayout,
  VizRepeater,
} from '@grafana/ui';

export function Stat({ panel, frames, theme, width, height }) {
  const { options } = panel;
  const values = getFieldDisplayValues({
    fieldConfig: panel.fieldConfig,
    reduceOptions: options.reduceOptions,
    replaceVariables: (text) => text,
    theme,
    data: frames,
    timeZone: 'browser',
  });
  return (
    <VizRepeater
      getValues={() => values}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={(item) => (
        <BigValue
          value={item.value.display}
          count={item.count}
          colorMode={options.colorMode ?? 'value'}
          graphMode={options.graphMode}
          justifyMode={options.justifyMode ?? 'auto'}
          textMode={options.textMode ?? 'auto'}
          wideLayout={options.wideLayout ?? true}
          text={options.text}
          alignmentFactors={item.alignmentFactors}
          width={item.width}
          height={item.height}
          theme={theme}
        />
      )}
      width={width}
      height={height}
      source={frames}
      itemSpacing={3}
      autoGrid={true}
      orientation={options.orientation ?? 'auto'}
    />
  );
}

export function Curves({ panel, frames, width, height, range }) {
  return (
    <TimeSeries
      frames={frames}
      structureRev={1}
      timeRange={range}
      timeZone="browser"
      width={width}
      height={height}
      legend={panel.options.legend}
      options={panel.options}
    />
  );
}

// What Grafana 10.2.3 to 11.2 writes at a bar that gets no label is how the field shows null.
function labels(field, options, plotWidth) {
  const count = field.values.length;
  const most = Math.floor(plotWidth / (options.xTickLabelSpacing || 1));
  const every = options.xTickLabelSpacing && count >= most ? Math.ceil(count / most) : 1;
  return field.values.map((value, at) => {
    const text = formattedValueToString(field.display(at % every ? null : value));
    return text.length > options.xTickLabelMaxLength ? `${text.slice(0, options.xTickLabelMaxLength)}...` : text;
  });
}

function rectangles(number, count, grouped, bottom) {
  return (u, seriesIdx, from, to) => {
    const fill = new Path2D();
    const slot = (u.valToPos(1, 'x', true) - u.valToPos(0, 'x', true)) * 0.8;
    const wide = grouped ? slot / count : slot;
    for (let at = from; at <= to; at++) {
      const value = u.data[seriesIdx][at];
      if (value != null) {
        const left = u.valToPos(at, 'x', true) - slot / 2 + (grouped ? number * wide : 0);
        const ends = [u.valToPos(value, 'y', true), u.valToPos(bottom?.[at] ?? 0, 'y', true)];
        fill.rect(left, Math.min(...ends), wide, Math.abs(ends[0] - ends[1]));
      }
    }
    return { fill, stroke: fill, flags: 1 };
  };
}

// Each value on top of those of its sign before it, as getStackingGroups does.
function stack(fields) {
  const tops = { true: [], false: [] };
  return fields.map((field) => {
    const bottom = field.values.map((value, at) => tops[value < 0][at] ?? 0);
    const top = field.values.map((value, at) => (value == null ? null : bottom[at] + value));
    top.forEach((value, at) => (value == null ? null : (tops[field.values[at] < 0][at] = value)));
    return { top, bottom };
  });
}

export function Bars({ panel, frames, theme, width, height }) {
  const [frame] = frames;
  const { options } = panel;
  const time = frame.fields.find((field) => field.type === FieldType.time);
  const fields = frame.fields.filter((field) => field !== time);
  const grouped = options.stacking === 'none';
  const stacked = stack(fields);
  const config = new UPlotConfigBuilder('browser');
  config.addScale({ scaleKey: 'x', orientation: 0, direction: 1, range: () => [-0.5, time.values.length - 0.5] });
  config.addScale({ scaleKey: 'y', orientation: 1, direction: 1, softMin: 0, softMax: 0 });
  config.addAxis({
    scaleKey: 'x',
    placement: 'bottom',
    theme,
    grid: { show: false },
    ticks: { show: false },
    gap: 15,
    splits: (u) => u.data[0],
    values: (u) => labels(time, options, u.bbox.width / devicePixelRatio),
  });
  const [first] = fields;
  config.addAxis({
    scaleKey: 'y',
    placement: 'left',
    theme,
    grid: { show: true },
    formatValue: (value, decimals) => formattedValueToString(first.display(value, decimals)),
  });
  fields.forEach((field, at) =>
    config.addSeries({
      scaleKey: 'y',
      theme,
      pathBuilder: rectangles(at, fields.length, grouped, grouped ? null : stacked[at].bottom),
      showPoints: 'never',
      lineColor: getFieldSeriesColor(field, theme).color,
      lineWidth: field.config.custom.lineWidth ?? 1,
      fillOpacity: field.config.custom.fillOpacity,
      colorMode: field.config.color,
      show: true,
      dataFrameFieldIndex: { frameIndex: 0, fieldIndex: frame.fields.indexOf(field) },
    })
  );
  const data = [time.values.map((_, at) => at), ...fields.map((field, at) => (grouped ? field.values : stacked[at].top))];
  return (
    <VizLayout width={width} height={height} legend={<PlotLegend data={frames} config={config} {...options.legend} />}>
      {(plotWidth, plotHeight) => <UPlotChart config={config} data={data} width={plotWidth} height={plotHeight} />}
    </VizLayout>
  );
}
