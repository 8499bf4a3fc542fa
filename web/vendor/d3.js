// The parts of D3 that charts are made of: it computes, and leaves the drawing to SVG in the page's own inks.
export { axisBottom, axisLeft } from "d3-axis";
export { scaleLinear } from "d3-scale";
export { select } from "d3-selection";
export { line } from "d3-shape";
export { zoom, zoomIdentity } from "d3-zoom";
