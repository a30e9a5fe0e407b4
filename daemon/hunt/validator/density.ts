/** @param rho one value at least */
export const densityMean = (rho: Float64Array): number => rho.reduce((sum, value) => sum + value, 0) / rho.length;
